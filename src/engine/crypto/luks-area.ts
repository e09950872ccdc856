/** Where a LUKS header and its key material lie: bytes from 0 to `length`. */
export interface LuksArea {
  readonly length: number
  /** Bytes that the caller may change. The range lies inside `length`. */
  read(at: number, length: number): Uint8Array
}

/** An area that can be changed. What was written is safe when `flush` has returned. */
export interface LuksStore extends LuksArea {
  write(at: number, bytes: Uint8Array): void
  flush(): void
}
