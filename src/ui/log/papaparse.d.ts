/** What is used of it: its own types bring Node's along, which a Worker does not have. */
declare module 'papaparse' {
  interface UnparseConfig {
    /** Cells like these begin with an apostrophe. */
    readonly escapeFormulae?: RegExp
    readonly newline?: string
  }
  const Papa: {
    unparse(rows: readonly (readonly (string | number | null)[])[], config: UnparseConfig): string
  }
  export default Papa
}
