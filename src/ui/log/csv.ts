import Papa from 'papaparse'

export type Cell = string | number | null

/** A negative number is none. */
const FORMULA = /^[=+@\t\r]|^-(?![\d.]+$)/
const ENCODER = new TextEncoder()

/**
 * A file of comma-separated values, a chunk of rows at a time. Cells that a spreadsheet would take
 * for a formula begin with an apostrophe.
 */
export async function csvResponse(
  name: string,
  header: readonly string[],
  chunks: AsyncIterable<readonly (readonly Cell[])[]>,
): Promise<Response> {
  const iterator = chunks[Symbol.asyncIterator]()
  // What is refused is refused here, before anything was answered.
  const first = await iterator.next()
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(linesOf([header, ...(first.value ?? [])])),
    async pull(controller) {
      const { done, value } = await iterator.next()
      if (done) controller.close()
      else if (value.length > 0) controller.enqueue(linesOf(value))
    },
    cancel: async () => void (await iterator.return?.()),
  })
  const headers = {
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': `attachment; filename="${name}"`,
  }
  return new Response(body, { headers })
}

function linesOf(rows: readonly (readonly Cell[])[]): Uint8Array {
  const text = Papa.unparse(rows, { escapeFormulae: FORMULA, newline: '\r\n' })
  return ENCODER.encode(`${text}\r\n`)
}
