import { html } from 'hono/html'
import type { Child } from 'hono/jsx'

export interface Viewer {
  /** As whom somebody is signed in. */
  readonly name: string
  readonly isAdmin: boolean
}

interface PageProps {
  readonly title: string
  /** Null: nobody is signed in. */
  readonly viewer: Viewer | null
  /** The path of the entry of the menu that it belongs to. */
  readonly at?: string
  readonly script?: string
  readonly children: Child
}

/** The last is whether everybody has use for it. */
const MENU = [
  ['/ui', 'Overview', false],
  ['/ui/teams', 'Teams', true],
  ['/ui/keys', 'Keys', true],
  ['/ui/test-key', 'Test key', true],
  ['/ui/logs', 'Logs', true],
  ['/ui/models', 'Models', true],
  ['/ui/users', 'Users', false],
  ['/ui/budgets', 'Budgets', false],
  ['/ui/audit', 'Audit log', false],
] as const

/** A whole document. */
export function Page({ title, viewer, at, script, children }: PageProps) {
  return html`<!doctype html>${(
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <title>{`${title} – Tollgate`}</title>
          <link rel="stylesheet" href="/ui/assets/style.css" />
          {script && <script src={`/ui/assets/${script}`} defer></script>}
        </head>
        <body>
          <a class="skip" href="#main">
            Skip to content
          </a>
          <header class="top">
            <a class="brand" href="/ui">
              Tollgate
            </a>
            {viewer && <Menu viewer={viewer} at={at} />}
          </header>
          <main id="main" tabindex={-1}>
            {children}
          </main>
        </body>
      </html>
    )}`
}

function Menu({ viewer, at }: { readonly viewer: Viewer; readonly at: string | undefined }) {
  return (
    <>
      <nav aria-label="Pages">
        <ul>
          {MENU.filter(([, , isForAll]) => isForAll || viewer.isAdmin).map(([path, name]) => (
            <li>
              <a href={path} aria-current={path === at ? 'page' : undefined}>
                {name}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <form class="who" method="post" action="/ui/sign-out">
        <span>{viewer.name}</span>
        <button class="quiet">Sign out</button>
      </form>
    </>
  )
}

/** A part that a script keeps as it is now, on pages with `live.js`. */
export function Live({ id, children }: { readonly id: string; readonly children: Child }) {
  return (
    <div id={id} data-live>
      {children}
    </div>
  )
}

/** What went wrong, in words; nothing if nothing did. */
export function Alert({ children }: { readonly children: Child }) {
  return children ? (
    <p class="alert" role="alert">
      {children}
    </p>
  ) : null
}
