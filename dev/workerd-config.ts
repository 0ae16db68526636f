import { unstable_readConfig as readConfig } from 'wrangler'
import type { BundledModule } from './bundle.ts'

/** What Cloudflare gives an isolate; workerd alone would let its heap grow until the machine is full. */
const ISOLATE_MB = 128

export interface WorkerdConfig {
  wranglerToml: string
  port: number
  /** Their files are embedded by name from `bundle/`, beside the configuration. */
  modules: BundledModule[]
  objectsDir: string
  env: Record<string, string>
}

/** Only what the Worker uses is carried over; bindings that workerd has no part for are left out. */
export function workerdConfig({ wranglerToml, ...options }: WorkerdConfig): string {
  const wrangler = readConfig({ config: wranglerToml }, { hideWarnings: true })
  const objects: { name: string; class_name: string }[] = wrangler.durable_objects.bindings
  const vars = { ...wrangler.vars, ...options.env }
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "tollgate", worker = .tollgate),
    (name = "internet", network = (
      allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
    (name = "objects", disk = (path = ${text(options.objectsDir)}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${options.port}", http = (), service = "tollgate")],
  v8Flags = ["--max-heap-size=${ISOLATE_MB}"],
);

const tollgate :Workerd.Worker = (
  modules = [${list(options.modules.map(moduleLine))}],
  compatibilityDate = ${text(wrangler.compatibility_date ?? '')},
  compatibilityFlags = [${wrangler.compatibility_flags.map(text).join(', ')}],
  bindings = [${list([
    ...Object.entries(vars).map(([name, value]) => varLine(name, value)),
    ...objects.map(
      (o) => `(name = ${text(o.name)}, durableObjectNamespace = ${text(o.class_name)})`,
    ),
  ])}],
  durableObjectNamespaces = [${list(
    objects.map(({ class_name: name }) => {
      return `(className = ${text(name)}, uniqueKey = ${text(`tollgate-${name}`)}, enableSql = true)`
    }),
  )}],
  durableObjectStorage = (localDisk = "objects"),
);
`
}

function moduleLine({ name, kind }: BundledModule): string {
  return `(name = ${text(name)}, ${kind} = embed ${text(`bundle/${name}`)})`
}

function varLine(name: string, value: unknown): string {
  if (typeof value === 'string') return `(name = ${text(name)}, text = ${text(value)})`
  return `(name = ${text(name)}, json = ${text(JSON.stringify(value))})`
}

function list(lines: string[]): string {
  return lines.map((line) => `\n    ${line},`).join('') + '\n  '
}

/** Cap'n Proto knows no \u: everything but plain ASCII is written as bytes. */
function text(value: string): string {
  const bytes = [...Buffer.from(value, 'utf8')].map((byte) => {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c
    return plain ? String.fromCodePoint(byte) : `\\x${byte.toString(16).padStart(2, '0')}`
  })
  return `"${bytes.join('')}"`
}
