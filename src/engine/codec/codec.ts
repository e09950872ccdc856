/** The ways of packing, by name. */
export type CodecName = 'deflate' | 'zstd'

/** How one cluster is packed. Native and portable implementations pass the same tests. */
export interface Codec {
  readonly name: CodecName
  /**
   * The packed bytes of `plain`, or undefined where they would not be shorter than `plain`. `level` is one of the codec's `LEVELS`;
   * absent, it is QEMU's.
   */
  pack(plain: Uint8Array, level?: number): Uint8Array | undefined
  /**
   * Unpacks into exactly `into.length` bytes; bytes after the end of the stream are ignored and output past `into` is never made.
   * Throws `CORRUPT` when the stream is damaged or gives fewer bytes.
   */
  unpack(packed: Uint8Array, into: Uint8Array): void
}

/** A codec of every name. */
export type Codecs = Readonly<Record<CodecName, Codec>>
