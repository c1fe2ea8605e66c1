/**
 * The layout of the key codec, shared by its two halves. Tags order the types among each other:
 *
 *   05                                      null
 *   10 | 11                                 false | true
 *   20 [8: bits of the double]              number; sign bit flipped, for negative numbers all bits
 *   28 [80 + n][n: magnitude]               bigint >= 0 of n bytes, no leading zero byte
 *   28 [7f - n][n: ~magnitude]              bigint < 0
 *   30 [UTF-8, 00 as 00 FF] 00 00           string
 *   38 [bytes, 00 as 00 FF] 00 00           bytes
 *   40 [8: ms since the epoch, as number]   Date
 *   50 [element]* 00                        array
 *   60 ([30 key][value])* 00                object, its keys in UTF-16 order
 *
 * 00 is no tag, so a shorter tuple sorts before its extensions and nothing is a prefix of anything else.
 */
export const tag = {
  end: 0x00,
  null: 0x05,
  false: 0x10,
  true: 0x11,
  number: 0x20,
  bigint: 0x28,
  string: 0x30,
  bytes: 0x38,
  date: 0x40,
  array: 0x50,
  object: 0x60,
} as const

/** Bytes of the largest bigint: its length shares one byte with its sign. */
export const bigintBytesMax = 127

/** Keys are small: a bound on nesting ends cycles on the way in and hostile bytes on the way out. */
export const keyDepthMax = 32
