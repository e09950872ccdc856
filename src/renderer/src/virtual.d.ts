/** The packages that the built program holds, put together when it is built (scripts/licences.mjs). */
declare module 'virtual:licences' {
  const packages: readonly { name: string; version: string; licence: string; text: string }[]
  export default packages
}
