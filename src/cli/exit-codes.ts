/** What a verb tells the shell; the numbers are qemu-img's. */
export const EXIT = {
  ok: 0,
  failed: 1,
  /** `compare`: the disks differ; an image could not be opened; where its bytes lie could not be told; or they could not be read */
  different: 1,
  notOpened: 2,
  notAllocated: 3,
  notRead: 4,
  /** `check`: the image is damaged */
  corrupt: 2,
  /** `check`: clusters are lost, and nothing is damaged */
  leaks: 3,
  /** `check`: the format has nothing to check */
  notCheckable: 63,
} as const

/** What a shell reports of a program that a signal ended. */
export const SIGNAL_EXIT = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const
