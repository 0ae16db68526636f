/** A path with what it is asked for; what is empty is left out. */
export function href(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const known = Object.entries(query).filter((entry): entry is [string, string] => !!entry[1])
  // The API takes a bare plus for itself in ids that are addresses.
  const search = new URLSearchParams(known).toString().replaceAll('+', '%20')
  return known.length > 0 ? `${path}?${search}` : path
}
