/* A disk that needs CONSENT_BENCH_FLUSH microseconds for a flush: preloaded into the server by bench/server.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static int slowly(const char *name, int file) {
  int (*flush)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  const char *wait = getenv("CONSENT_BENCH_FLUSH");
  usleep(wait ? (useconds_t)atoi(wait) : 0);
  return flush(file);
}

int fsync(int file) { return slowly("fsync", file); }
int fdatasync(int file) { return slowly("fdatasync", file); }
