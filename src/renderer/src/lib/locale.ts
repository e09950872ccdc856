/**
 * How numbers and dates are written: as the browser's or the system's language has it. The words stand in one catalogue, whose language they keep.
 */
export const LOCALE = navigator.language
