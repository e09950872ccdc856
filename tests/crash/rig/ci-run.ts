/** Crash states that `npm test` judges, over all scenarios. */
export const CI_STATES = 100_000
/** Every run of the tests plays the same: another seed is for `npm run crash`. */
export const CI_SEED = 1
