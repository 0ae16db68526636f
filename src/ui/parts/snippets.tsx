export interface Code {
  /** Of this deployment. */
  readonly url: string
  readonly apiKey: string
  readonly model: string
  readonly message: string
}

/** The same call by curl, and by OpenAI's packages. */
export function Snippets({ code }: { readonly code: Code }) {
  return (
    <section class="card" aria-label="Code">
      <h2>Use it</h2>
      {snippets(code).map(({ id, name, text }) => (
        <>
          <p class="tools">
            {name}
            <button type="button" class="quiet small" data-copies={id} aria-label={`Copy ${name}`}>
              Copy
            </button>
          </p>
          <pre tabindex={0} id={id} aria-label={name}>
            {text}
          </pre>
        </>
      ))}
    </section>
  )
}

function snippets({ url, apiKey, model, message }: Code) {
  const messages = `[{ role: 'user', content: ${quoted(message)} }]`
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: message }] })
  return [
    {
      id: 'code-curl',
      name: 'curl',
      text: `curl '${url}/v1/chat/completions' -H 'Authorization: Bearer ${apiKey}' \\
  -H 'Content-Type: application/json' -d '${body.replaceAll("'", String.raw`'\''`)}'`,
    },
    {
      id: 'code-node',
      name: 'Node, openai',
      text: `import OpenAI from 'openai'

const client = new OpenAI({ baseURL: '${url}/v1', apiKey: '${apiKey}' })
const answer = await client.chat.completions.create({
  model: ${quoted(model)},
  messages: ${messages},
})
console.log(answer.choices[0].message.content)`,
    },
    {
      id: 'code-python',
      name: 'Python, openai',
      text: `from openai import OpenAI

client = OpenAI(base_url="${url}/v1", api_key="${apiKey}")
answer = client.chat.completions.create(
    model=${JSON.stringify(model)},
    messages=[{"role": "user", "content": ${JSON.stringify(message)}}],
)
print(answer.choices[0].message.content)`,
    },
  ]
}

/** As JavaScript writes it. */
function quoted(text: string): string {
  return `'${JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(String.raw`\"`, '"')
    .replaceAll("'", String.raw`\'`)}'`
}
