// Keeps the parts of a page that are marked as live as they are now.
const EVERY_MS = 900
const RETRY_MS = 2000
/** Of the time, one part is spent asking. */
const SHARE = 4
/** Sums of days change slowly, and are asked for this seldom. */
const WHOLE_EVERY = 10

const parts = [...document.querySelectorAll('[data-live]')]
/** As the server last wrote them: scripts may have changed them since. */
const written = new Map(parts.map((part) => [part.id, part.innerHTML]))

let asked = 0

async function refresh() {
  const isWhole = ++asked % WHOLE_EVERY === 0
  const headers = { accept: 'text/html', ...(isWhole ? {} : { 'x-tollgate-live': 'true' }) }
  const response = await fetch(location.href, { headers })
  // Who was signed out, or looks at a page that is gone, sees that once they do something.
  if (!response.ok || response.redirected) return
  const next = new DOMParser().parseFromString(await response.text(), 'text/html')
  for (const part of parts) {
    const fresh = next.getElementById(part.id)
    // What somebody is in the middle of stays.
    if (!fresh || fresh.innerHTML === written.get(part.id) || isInUse(part)) continue
    written.set(part.id, fresh.innerHTML)
    part.replaceChildren(...fresh.childNodes)
    part.dispatchEvent(new Event('live', { bubbles: true }))
  }
}

function isInUse(part) {
  return (
    part.contains(document.activeElement) ||
    (part.contains(getSelection().focusNode?.parentElement) && !getSelection().isCollapsed)
  )
}

async function follow() {
  const from = performance.now()
  let pause = EVERY_MS
  try {
    if (!document.hidden) await refresh()
    // What takes long is asked for less often.
    pause = Math.max(EVERY_MS, SHARE * (performance.now() - from))
  } catch {
    pause = RETRY_MS
  }
  setTimeout(follow, pause)
}

setTimeout(follow, EVERY_MS)
