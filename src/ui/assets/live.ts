/** Keeps the parts of a page that are marked as live as they are now. */
export const LIVE_SCRIPT = `
'use strict'
const EVERY_MS = 1500
const RETRY_MS = 5000

async function refresh() {
  const response = await fetch(location.href, { headers: { accept: 'text/html' } })
  // Who was signed out, or looks at a page that is gone, sees that once they do something.
  if (!response.ok || response.redirected) return
  const next = new DOMParser().parseFromString(await response.text(), 'text/html')
  for (const part of document.querySelectorAll('[data-live]')) {
    const fresh = next.getElementById(part.id)
    // What somebody is in the middle of stays.
    if (!fresh || part.contains(document.activeElement) || fresh.innerHTML === part.innerHTML) continue
    part.replaceChildren(...fresh.childNodes)
  }
}

async function follow() {
  let pause = EVERY_MS
  try {
    if (!document.hidden) await refresh()
  } catch {
    pause = RETRY_MS
  }
  setTimeout(follow, pause)
}

setTimeout(follow, EVERY_MS)
`
