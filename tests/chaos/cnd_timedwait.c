/* libfaketime knows POSIX's waits until a moment, and not C11's, which librdkafka uses: these become the ones that it knows. */
#include <errno.h>
#include <pthread.h>
#include <threads.h>

int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const struct timespec* until) {
  /* glibc's C11 types are the POSIX ones under other names. */
  switch (pthread_cond_timedwait((pthread_cond_t*)condition, (pthread_mutex_t*)mutex, until)) {
  case 0:
    return thrd_success;
  case ETIMEDOUT:
    return thrd_timedout;
  default:
    return thrd_error;
  }
}
