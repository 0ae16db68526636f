/** Asks a model with a key, in the browser, and shows what comes back while it comes. */
export const TEST_KEY_SCRIPT = `
'use strict'
const form = document.querySelector('#ask')
const answer = document.querySelector('#answer')
const facts = document.querySelector('#facts')
const code = document.querySelector('#code')

const valueOf = (name) => form.elements[name].value.trim()

function say(text) {
  answer.textContent = text
}

function list(rows) {
  facts.replaceChildren(
    ...rows.flatMap(([name, value]) => {
      const [term, detail] = ['dt', 'dd'].map((tag) => document.createElement(tag))
      term.textContent = name
      detail.textContent = value
      return [term, detail]
    }),
  )
}

function showCode(body) {
  const url = location.origin + '/v1/chat/completions'
  code.textContent =
    "curl '" + url + "' -H 'Authorization: Bearer $TOLLGATE_KEY' -H 'Content-Type: application/json' \\\\\\n  -d '" +
    JSON.stringify(body).replaceAll("'", "'\\\\''") + "'"
}

async function readEvents(response, take) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const events = (rest + value).split('\\n\\n')
    rest = events.pop()
    for (const event of events) {
      const data = event.split('\\n').find((line) => line.startsWith('data: '))
      if (data && !data.includes('[DONE]')) take(JSON.parse(data.slice(6)))
    }
  }
}

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  const body = {
    model: valueOf('model'),
    messages: [{ role: 'user', content: valueOf('message') }],
    stream: true,
    stream_options: { include_usage: true },
  }
  showCode({ model: body.model, messages: body.messages })
  say('')
  list([])
  answer.setAttribute('aria-busy', 'true')
  const from = performance.now()
  try {
    const response = await fetch('/v1/chat/completions', {
      method: 'POST',
      headers: { authorization: 'Bearer ' + valueOf('key'), 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const headers = [...response.headers].filter(([name]) => /^x-(litellm|tollgate|ratelimit)/.test(name))
    if (!response.ok) {
      say(await response.text())
      list([['Status', String(response.status)], ...headers])
      return
    }
    let text = ''
    let usage = null
    let failure = null
    await readEvents(response, (part) => {
      text += part.choices?.[0]?.delta?.content ?? ''
      usage = part.usage ?? usage
      failure = part.error ?? failure
      say(failure ? JSON.stringify(failure) : text)
    })
    const tokens = usage ? usage.prompt_tokens + ' in, ' + usage.completion_tokens + ' out' : 'not told'
    list([
      ['Status', String(response.status)],
      ['Time', Math.round(performance.now() - from) + ' ms'],
      ['Tokens', tokens],
      ...headers,
    ])
  } catch (error) {
    say(String(error))
  } finally {
    answer.removeAttribute('aria-busy')
  }
})
`
