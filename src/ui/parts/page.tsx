import { html } from 'hono/html'
import type { Child } from 'hono/jsx'
import { type Viewer, Viewing } from '../viewer.ts'

interface PageProps {
  readonly title: string
  /** Null: nobody is signed in. */
  readonly viewer: Viewer | null
  /** The path of the entry of the menu that it belongs to. */
  readonly at?: string
  readonly scripts?: readonly string[]
  readonly children: Child
}

/** Keeps parts of a page as they are now. */
export const LIVE = ['live.js']
/** The same with charts. */
export const LIVE_CHARTS = ['live.js', 'uplot.js', 'chart.js']

type Place = readonly [path: string, name: string, isFor: (viewer: Viewer) => boolean]

const everybody = () => true
const seesAll = ({ seesAll: sees }: Viewer) => sees

const MENU: readonly Place[] = [
  ['/ui', 'Overview', seesAll],
  ['/ui/teams', 'Teams', everybody],
  ['/ui/keys', 'Keys', everybody],
  ['/ui/test-key', 'Test key', everybody],
  ['/ui/logs', 'Logs', everybody],
  ['/ui/models', 'Models', everybody],
  ['/ui/users', 'Users', seesAll],
  ['/ui/budgets', 'Budgets', seesAll],
  ['/ui/audit', 'Audit log', seesAll],
]

/** A whole document. */
export function Page({ title, viewer, at, scripts = [], children }: PageProps) {
  return html`<!doctype html>${(
      <Viewing.Provider value={viewer}>
        <html lang="en">
          <head>
            <meta charset="utf-8" />
            <meta name="viewport" content="width=device-width, initial-scale=1" />
            <meta name="color-scheme" content="light dark" />
            <title>{`${title} – Tollgate`}</title>
            <link rel="icon" href="/ui/assets/icon.svg" type="image/svg+xml" />
            <link rel="stylesheet" href="/ui/assets/style.css" />
            {['zone.js', ...scripts].map((script) => (
              <script
                src={`/ui/assets/${script}`}
                type={script === 'uplot.js' ? undefined : 'module'}
                defer
              ></script>
            ))}
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
      </Viewing.Provider>
    )}`
}

function Menu({ viewer, at }: { readonly viewer: Viewer; readonly at: string | undefined }) {
  return (
    <>
      <nav aria-label="Pages">
        <ul>
          {MENU.filter(([, , isFor]) => isFor(viewer)).map(([path, name]) => (
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
        <button class="quiet small">Sign out</button>
      </form>
    </>
  )
}

interface HeadProps {
  readonly title: Child
  readonly children?: Child
}

/** A page's name, and what may be done first. */
export function Head({ title, children }: HeadProps) {
  return (
    <div class="head">
      <h1>{title}</h1>
      {children}
    </div>
  )
}

interface PartsProps {
  readonly viewer: Viewer
  readonly children: Child
}

/** Parts of a page alone, for the script that keeps them as they are. */
export function Parts({ viewer, children }: PartsProps) {
  return <Viewing.Provider value={viewer}>{children}</Viewing.Provider>
}

/** A part that a script keeps as it is now, on pages with `live.js`. */
export function Live({ id, children }: { readonly id: string; readonly children: Child }) {
  return (
    <div id={id} data-live>
      {children}
    </div>
  )
}

/** Something that was changed, said once. */
export function Done({ children }: { readonly children: Child }) {
  return children ? (
    <p class="done" role="status">
      {children}
    </p>
  ) : null
}
