/** A UUIDv7 (RFC 9562) from Unix milliseconds and ten random bytes; 72 of their bits are kept. */
export function uuid7(milliseconds: number, random: Uint8Array): string {
  let hex = `0${milliseconds.toString(16)}`; // 12 digits, from 2004 to 2527
  for (const byte of random) hex += byte.toString(16).padStart(2, "0");
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/, "$1-$2-7$3-8$4-$5");
}

/** The Unix milliseconds a UUIDv7 was made at. */
export function timeOf(id: string): number {
  return Number(`0x${id.slice(0, 8)}${id.slice(9, 13)}`);
}
