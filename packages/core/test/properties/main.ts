// `npm run properties -- [filter] --runs N --seed S`: random histories of every stateful operator against its oracle. One line a
// property; a failing history names the command that replays it. Ends with 1 if one failed.
import { readdir } from 'node:fs/promises'
import { inspect, parseArgs } from 'node:util'
import { firstFailure, replayOf } from './check.ts'
import type { Histories } from './check.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
  },
})
const runs = wholeNumber('runs', values.runs)
const seed = wholeNumber('seed', values.seed)
const filter = positionals[0] ?? ''

const all = await load()
const chosen = Object.entries(all).filter(([name]) => name.includes(filter))
if (chosen.length === 0) {
  console.error(`no property is called like ${filter}: there are ${Object.keys(all).join(', ')}`)
  process.exit(1)
}
let failed = 0
for (const [name, history] of chosen) {
  const began = performance.now()
  const failure = firstFailure(name, history, seed, runs)
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  if (failure === undefined) {
    console.log(`ok   ${name}: ${runs} histories from seed ${seed}, ${seconds} s`)
    continue
  }
  failed++
  console.log(`FAIL ${name}: seed ${failure.seed}, replay: ${replayOf(failure)}`)
  console.log(inspect(failure.error))
}
console.log(`${chosen.length - failed} passed, ${failed} failed, 0 skipped`)
process.exit(failed === 0 ? 0 : 1)

/** Every file beside this one that exports histories. */
async function load(): Promise<Histories> {
  const found: Record<string, (seed: number) => void> = {}
  for (const file of (await readdir(new URL('.', import.meta.url))).sort()) {
    if (!file.endsWith('.ts') || /(^main|^check|\.test)\.ts$/.test(file)) continue
    const module = (await import(`./${file}`)) as { histories?: Histories }
    Object.assign(found, module.histories)
  }
  return found
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number >= (name === 'runs' ? 1 : 0)) return number
  console.error(`--${name} ${text}: give a whole number`)
  process.exit(1)
}
