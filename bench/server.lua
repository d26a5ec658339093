-- The load of bench/server.py, for wrk: -- SEED EXPECTED METHOD PATH BODIES RETURNING NAME=VALUE...
-- BODIES are JSON texts separated by "|", taken in turn; "{decision}" becomes a fresh UUIDv7 (RFC 9562).
-- RETURNING n: every n-th request carries the token of an earlier answer; 0 for none.
local bodies, head, seed, expected, every = {}, "", 0, 201, 0
count, unexpected, sample = 0, 0, ""
local token = nil
local threads = {}

function setup(thread)
  table.insert(threads, thread)
  thread:set("number", #threads)
end

function init(args)
  seed, expected, every = tonumber(args[1]), tonumber(args[2]), tonumber(args[6])
  math.randomseed(seed * 64 + number)
  local lines = { args[3] .. " " .. args[4] .. " HTTP/1.1", "Host: " .. wrk.headers["Host"] }
  for i = 7, #args do
    lines[#lines + 1] = (args[i]:gsub("=", ": ", 1))
  end
  head = table.concat(lines, "\r\n") .. "\r\n"
  for body in (args[5] .. "|"):gmatch("(.-)|") do
    bodies[#bodies + 1] = body
  end
end

local function uuid7()
  local ms, random = os.time() * 1000 + count % 1000, math.random
  return string.format("%08x-%04x-7%03x-%04x-%06x%06x", math.floor(ms / 65536), ms % 65536,
    random(0, 4095), 32768 + random(0, 16383), random(0, 16777215), random(0, 16777215))
end

function request()
  count = count + 1
  local body = bodies[count % #bodies + 1]
  if body == "" then
    return head .. "\r\n"
  end
  body = body:gsub("{decision}", uuid7, 1)
  if token and count % every == 0 then
    body, token = body:sub(1, -2) .. ',"token":"' .. token .. '"}', nil
  end
  return head .. "Content-Length: " .. #body .. "\r\n\r\n" .. body
end

function response(status, _, body)
  if status ~= expected then
    unexpected = unexpected + 1
    if sample == "" then sample = status .. " " .. body:sub(1, 300) end
  elseif every > 0 and not token then
    token = body:match('"token":"([^"]+)"')
  end
end

function done(summary, latency)
  local refused, said = 0, ""
  for _, thread in ipairs(threads) do
    refused = refused + thread:get("unexpected")
    if said == "" then said = thread:get("sample") end
  end
  local errors = summary.errors
  io.write(string.format('RESULT {"answers": %d, "seconds": %.4f, "p50": %.3f, "p99": %.3f, "unexpected": %d, "broken": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    refused, errors.connect + errors.read + errors.write + errors.timeout))
  if said ~= "" then io.write("SAMPLE " .. said .. "\n") end
end
