export interface Ready {
  port: number
  masterKey: string
  logPath: string
}

/** What `npm start` prints once, with commands that can be pasted all at once. */
export function readyBlock({ port, masterKey, logPath }: Ready): string {
  const url = `http://0.0.0.0:${port}`
  const json = `-H 'Content-Type: application/json'`
  const chat =
    `curl -s ${url}/chat/completions -H "Authorization: Bearer $KEY" ${json} ` +
    `-d '{"model":"llama3","messages":[{"role":"user","content":"hi"}]}'; echo`
  return `
Tollgate is ready.

  URL         http://127.0.0.1:${port}
  Master key  ${masterKey}
  Log         ${logPath}
  Admin pages http://127.0.0.1:${port}/ui

Try it: a team with a tiny budget, a key, an answer, a refusal, the metrics.

MASTER=${quoted(masterKey)}
TEAM=$(curl -s ${url}/team/new -H "Authorization: Bearer $MASTER" ${json} -d '{"team_alias":"QA Prod Bot","max_budget":0.000000001,"budget_duration":"1d"}' | ${field('team_id')})
KEY=$(curl -s ${url}/key/generate -H "Authorization: Bearer $MASTER" ${json} -d '{"team_id":"'"$TEAM"'"}' | ${field('key')})
${chat}
${chat}
curl -s ${url}/metrics -H "Authorization: Bearer $MASTER" | grep "$TEAM"

Ctrl-C ends it.
`
}

function field(name: string): string {
  return `grep -o '"${name}":"[^"]*"' | head -n 1 | cut -d '"' -f 4`
}

function quoted(text: string): string {
  return /^[\w-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
