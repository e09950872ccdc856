/**
 * The language of the window's sentences. A translation is a folder beside `words/en` whose files `words/en.ts` joins in its stead, and its
 * tag here.
 */
export const LANGUAGE = 'en'

/** How numbers, dates and the order of names are written: as the browser or the system has it, in the digits that a size field reads. */
export const LOCALE = `${navigator.language}-u-nu-latn`
