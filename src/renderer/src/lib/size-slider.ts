/** A slider over sizes: each step is a sixteenth of a doubling, so that megabytes and terabytes are equally far apart. */
const STEPS_EACH_DOUBLING = 16
const MIB = 2 ** 20

/** The slider's ends for a disk of `bytes`: from 1 MiB, or less where the disk is smaller, to 16 times the disk and 2 TiB at least. */
export function sliderEnds(bytes: number): { least: number; most: number } {
  return { least: sliderStep(Math.min(MIB, bytes)), most: Math.ceil(sliderStep(Math.max(bytes * 16, 2 * 2 ** 40))) }
}

/** Where a size stands on the slider. */
export function sliderStep(bytes: number): number {
  return Math.round(Math.log2(Math.max(bytes, 512)) * STEPS_EACH_DOUBLING)
}

/** The size at a step, a round one: a whole number of sixteenths of the power of two below it, and of sectors. Bytes. */
export function sizeAtStep(step: number): number {
  const exact = 2 ** (step / STEPS_EACH_DOUBLING)
  const grain = Math.max(512, 2 ** (Math.floor(Math.log2(exact) + 1e-9) - 4))
  return Math.round(exact / grain) * grain
}
