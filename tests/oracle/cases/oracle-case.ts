/** A command line that qemu-img and Strata both get. Exit code, output and errors must be the same, but for the differences named here. */
export interface OracleCase {
  /** the words after the program's name, divided by spaces */
  line: string | readonly string[]
  /** images that must be there, besides those that the line names */
  with?: readonly string[]
  /** images that both make or change: their content must be the same, and QEMU's check must find them clean */
  makes?: string | readonly string[]
  /** known differences, each with its reason */
  differs?: {
    /** everything: Strata refuses what qemu-img does, by name and with exit code 1 */
    refused?: string
    /** the exit code, which is then Strata's */
    exit?: { code: number; because: string }
    stdout?: string
    stderr?: string
    /** the made image's header, as `info` shows it */
    header?: string
  }
  /** run as a process of its own, as a person does, and not inside the test */
  real?: boolean
}
