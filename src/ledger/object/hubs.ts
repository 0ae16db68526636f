/** The metrics hubs share the ledgers. A scrape asks all of them; changing this loses registrations. */
const HUB_SHARDS = 4

type Hubs = Env['METRICS_HUB']

/** The hub that a ledger registers with before its first settle is answered. */
export function hubOf(namespace: Hubs, ledger: string) {
  let hash = 0
  for (let i = 0; i < ledger.length; i++) hash = (hash * 31 + ledger.charCodeAt(i)) >>> 0
  return namespace.getByName(`metrics:${hash % HUB_SHARDS}`)
}

export function allHubs(namespace: Hubs) {
  return Array.from({ length: HUB_SHARDS }, (_, i) => namespace.getByName(`metrics:${i}`))
}
