/** The one stylesheet. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #fbfbfa; --card: #ffffff; --text: #1c1d1f; --soft: #5c6066; --line: #d9dbde;
  --accent: #1f5fbf; --on-accent: #ffffff; --spent: #1f5fbf; --held: #b9cdee; --full: #b3261e;
  --wrong: #a11c15; --wrong-ground: #fdecea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #15171a; --card: #1d2024; --text: #e8eaed; --soft: #a4a9b0; --line: #363b42;
    --accent: #8ab4f8; --on-accent: #10131a; --spent: #8ab4f8; --held: #3d5680; --full: #f28b82;
    --wrong: #f6aea9; --wrong-ground: #3a1f1d;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 8px; top: 8px; background: var(--card); padding: 8px; }
.top { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 24px; padding: 12px 24px;
  background: var(--card); border-bottom: 1px solid var(--line); }
.brand { font-weight: 700; color: var(--text); text-decoration: none; }
.figures { display: flex; flex-wrap: wrap; gap: 16px 48px; } .figures p { margin: 0; }
.figure { font-size: 1.5rem; font-weight: 600; }
.days { display: block; width: 100%; height: auto; }
.top ul { display: flex; flex-wrap: wrap; gap: 4px 16px; list-style: none; margin: 0; padding: 0; }
.top nav a { text-decoration: none; padding: 4px 0; }
.top nav a[aria-current] { border-bottom: 2px solid var(--accent); font-weight: 600; }
.who { margin-left: auto; display: flex; gap: 12px; align-items: center; color: var(--soft); }
main { max-width: 1100px; margin: 0 auto; padding: 24px; }
main:focus { outline: none; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 16px; overflow-wrap: anywhere; }
h2 { font-size: 1.125rem; margin: 32px 0 8px; }
.head { display: flex; flex-wrap: wrap; gap: 12px 24px; align-items: center; margin-bottom: 16px; }
.head h1 { margin: 0; flex: 1 1 auto; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 16px 20px; margin: 0 0 16px; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; padding: 8px 16px; color: var(--soft); }
th, td { text-align: left; padding: 8px 16px; border-top: 1px solid var(--line); vertical-align: middle; }
thead th { border-top: 0; font-size: .875rem; color: var(--soft); font-weight: 600; white-space: nowrap; }
.end { text-align: right; }
.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar { display: block; width: 160px; height: 10px; border-radius: 5px; background: var(--line); overflow: hidden; }
.card > .bar { width: 100%; margin-bottom: 12px; }
.scroll + .card { margin-top: 16px; }
.bar-spent { fill: var(--spent); } .bar-held { fill: var(--held); } .bar-full { fill: var(--full); }
.note, .hint { color: var(--soft); font-size: .875rem; margin: 4px 0 0; }
.field { margin: 0 0 16px; max-width: 480px; }
label { display: block; font-weight: 600; margin-bottom: 4px; }
input, select, textarea { width: 100%; font: inherit; color: inherit; background: var(--ground);
  border: 1px solid var(--soft); border-radius: 6px; padding: 8px 10px; min-height: 42px; }
[aria-invalid] { border-color: var(--wrong); }
.wrong { color: var(--wrong); margin: 4px 0 0; }
.alert { background: var(--wrong-ground); color: var(--wrong); border-radius: 6px; padding: 8px 12px; overflow-wrap: anywhere; }
button, .button { font: inherit; font-weight: 600; cursor: pointer; border: 1px solid var(--accent); border-radius: 6px;
  padding: 8px 16px; background: var(--accent); color: var(--on-accent); text-decoration: none; display: inline-block; }
button.quiet { background: transparent; color: var(--accent); }
.danger { border-color: var(--wrong); }
.row { display: flex; flex-wrap: wrap; gap: 12px; align-items: end; }
.row .field { flex: 1 1 160px; margin: 0; }
.act { display: inline; }
.tight { gap: 6px; align-items: center; flex-wrap: nowrap; }
.tight .amount { width: 7em; } .tight button { padding: 8px 10px; white-space: nowrap; }
.window { margin-top: 12px; } .window .bar { width: 100%; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
code, pre { font: .875rem/1.5 ui-monospace, monospace; }
pre { background: var(--ground); border: 1px solid var(--line); border-radius: 6px; padding: 12px; overflow-x: auto; white-space: pre; }
.key { display: block; font-size: 1rem; overflow-wrap: anywhere; }
#answer { white-space: pre-wrap; min-height: 6em; }
@media (max-width: 600px) { main { padding: 16px; } .top { padding: 12px 16px; } .who { margin-left: 0; } }
@media (prefers-reduced-motion: no-preference) { a, button { transition: background .1s; } }
`
