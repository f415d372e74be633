// System calls whose constants Swift's Glibc module does not expose.
#ifndef COTERIE_SYSTEM_H
#define COTERIE_SYSTEM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Reads without blocking where the kernel can tell (Linux: preadv2 with RWF_NOWAIT).
/// Returns the bytes read, or -1 with errno EAGAIN where the data is not in memory,
/// or errno EOPNOTSUPP where the system or file system cannot tell.
ssize_t coterie_read_now(int fd, void *buffer, size_t count, int64_t offset);

/// Makes written data durable: fdatasync on Linux, F_FULLFSYNC on Darwin.
int coterie_data_sync(int fd);

#endif
