// CRC-32 (zlib's polynomial) by the processor's own instructions, where it has them.
#ifndef COTERIE_CHECKSUM_H
#define COTERIE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/// Takes as many bytes from the front into `*crc` as the processor has instructions for, and returns how many these were:
/// none where it has none. `*crc` is a checksum as zlib returns it; what is left is for zlib.
size_t coterie_crc32_front(uint32_t *crc, const void *bytes, size_t count);

#endif
