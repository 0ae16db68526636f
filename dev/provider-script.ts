/**
 * What the mock provider does with a call is written in the model's name, words joined by `+`:
 *
 *   usage-10-5       reports and bills 10 prompt and 5 completion tokens (the default)
 *   cached-4         4 of the prompt tokens are reported as read from the cache
 *   no-usage         bills, but reports no usage
 *   usage-unasked    streams the usage chunk though `include_usage` was not asked for
 *   chunks-5         a stream has 5 chunks of content (the default)
 *   delay-200ms      waits before it answers
 *   slow-200ms       waits before each chunk; without a stream, before the body
 *   split-7          writes a stream in pieces of 7 bytes
 *   tool             answers with a tool call
 *   hang             never answers
 *   hang-after-3     streams 3 chunks, then says nothing more
 *   close            breaks the connection instead of answering
 *   close-mid-stream breaks the connection after half of the chunks, or half of the body
 *   status-429       answers with this status and an error in OpenAI's form
 *   html             answers a page of HTML (with status-502: of that status)
 *
 * Other words do nothing: `gpt-4o` is a plain model, `gpt-4o+hang` hangs.
 */
export interface Script {
  promptTokens: number
  completionTokens: number
  cachedTokens: number
  reportsUsage: boolean
  usageUnasked: boolean
  chunks: number
  delayMs: number
  slowMs: number
  splitBytes: number
  tool: boolean
  hangAfter: number | undefined
  close: boolean
  closeMidStream: boolean
  status: number
  html: boolean
}

export function readScript(model: string): Script {
  const words = model.split('+')
  const has = (word: string): boolean => words.includes(word)
  const numbers = (pattern: RegExp): number[] => {
    const found = words.map((word) => pattern.exec(word)).find((match) => match !== null)
    return (found?.slice(1) ?? []).map(Number)
  }
  const number = (pattern: RegExp, otherwise: number): number => numbers(pattern)[0] ?? otherwise
  const [promptTokens = 10, completionTokens = 5] = numbers(/^usage-(\d+)-(\d+)$/)
  return {
    promptTokens,
    completionTokens,
    cachedTokens: number(/^cached-(\d+)$/, 0),
    reportsUsage: !has('no-usage'),
    usageUnasked: has('usage-unasked'),
    chunks: number(/^chunks-(\d+)$/, 5),
    delayMs: number(/^delay-(\d+)ms$/, 0),
    slowMs: number(/^slow-(\d+)ms$/, 0),
    splitBytes: number(/^split-(\d+)$/, 0),
    tool: has('tool'),
    hangAfter: has('hang') ? 0 : numbers(/^hang-after-(\d+)$/)[0],
    close: has('close'),
    closeMidStream: has('close-mid-stream'),
    status: number(/^status-(\d{3})$/, 200),
    html: has('html'),
  }
}
