// Asks a model with a key, and shows what comes back while it comes.
const COST_TRIES = 20
const COST_EVERY_MS = 1000

const form = document.querySelector('#ask')
const answer = document.querySelector('#answer')
const facts = document.querySelector('#facts')
const code = document.querySelector('#code')

const valueOf = (name) => form.elements[name]?.value.trim() ?? ''

function list(rows) {
  facts.replaceChildren()
  for (const [name, value] of rows) add(name, value)
}

/** One more fact; the element that says it. */
function add(name, value) {
  const [term, detail] = ['dt', 'dd'].map((tag) => document.createElement(tag))
  term.textContent = name
  detail.textContent = value
  facts.append(term, detail)
  return detail
}

function send(url, headers, body) {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

function ask({ hash, key, model, message }) {
  if (hash) return send('/ui/test-key/call', {}, { hash, model, message })
  return send(
    '/v1/chat/completions',
    { authorization: `Bearer ${key}` },
    {
      model,
      messages: [{ role: 'user', content: message }],
      stream: true,
      stream_options: { include_usage: true },
    },
  )
}

async function readEvents(response, take) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const events = (rest + value).split('\n\n')
    rest = events.pop()
    for (const event of events) {
      const data = event.split('\n').find((line) => line.startsWith('data: '))
      if (data && !data.includes('[DONE]')) take(JSON.parse(data.slice(6)))
    }
  }
}

/** Reads a streamed answer into the page; its usage, if it told any. */
async function show(response) {
  let [text, usage, failure] = ['', null, null]
  await readEvents(response, (part) => {
    text += part.choices?.[0]?.delta?.content ?? ''
    usage = part.usage ?? usage
    failure = part.error ?? failure
    answer.textContent = failure ? JSON.stringify(failure) : text
  })
  return usage
}

/** The row of a call is there seconds after it. */
async function showCost(id, detail) {
  for (let tries = 0; tries < COST_TRIES && detail.isConnected; tries++) {
    const response = await fetch(`/ui/test-key/cost?${new URLSearchParams({ id })}`)
    const cost = response.ok ? await response.json() : null
    if (cost) {
      const link = document.createElement('a')
      link.href = cost.at
      link.textContent = `${cost.usd.toLocaleString('en-US', { maximumFractionDigits: 12 })} USD`
      detail.replaceChildren(link)
      return
    }
    await new Promise((resolve) => setTimeout(resolve, COST_EVERY_MS))
  }
  if (detail.isConnected) detail.textContent = 'not yours to see'
}

async function showCode({ model, message }) {
  const response = await fetch(`/ui/test-key/code?${new URLSearchParams({ model, message })}`)
  if (response.ok) code.innerHTML = await response.text()
}

form.addEventListener('submit', (event) => {
  event.preventDefault()
  void submit()
})

async function submit() {
  const asked = Object.fromEntries(
    ['hash', 'key', 'model', 'message'].map((name) => [name, valueOf(name)]),
  )
  answer.textContent = ''
  list([])
  answer.setAttribute('aria-busy', 'true')
  const from = performance.now()
  try {
    void showCode(asked)
    const response = await ask(asked)
    const firstMs = Math.round(performance.now() - from)
    const headers = [...response.headers].filter(([name]) =>
      /^x-(litellm|tollgate|ratelimit)/.test(name),
    )
    if (!response.ok) {
      answer.textContent = await response.text()
      list([['Status', String(response.status)], ...headers])
      return
    }
    const usage = await show(response)
    list([
      ['Status', String(response.status)],
      [
        'Time',
        `${firstMs} ms to the answer’s head, ${Math.round(performance.now() - from)} ms in all`,
      ],
      ['Tokens', usage ? `${usage.prompt_tokens} in, ${usage.completion_tokens} out` : 'not told'],
    ])
    const cost = add('Cost', '…')
    for (const [name, value] of headers) add(name, value)
    await showCost(response.headers.get('x-litellm-call-id') ?? '', cost)
  } catch (error) {
    answer.textContent = String(error)
  } finally {
    answer.removeAttribute('aria-busy')
  }
}
