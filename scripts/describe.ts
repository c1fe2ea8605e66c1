/**
 * `npm run describe -- FILE [--json]`: loads a module that exports an app or a topology and prints it: as text in the grammar of
 * Kafka Streams, or as one line of JSON. Nothing is opened or run.
 */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

interface Describable {
  describe(): string
  topology?(): { toJSON(): unknown }
  toJSON?(): unknown
}

const usage =
  'usage: npm run describe -- FILE [--json]\nFILE exports an app or a topology: as default, `app` or `topology`, or a function of such a name that makes one'

await main()

async function main(): Promise<void> {
  const args = process.argv.slice(2)
  const asJson = args.includes('--json')
  const files = args.filter((arg) => arg !== '--json')
  if (files.length !== 1 || files[0]!.startsWith('-')) return refuse(usage)
  const file = resolve(files[0]!)
  let module: Record<string, unknown>
  try {
    module = (await import(pathToFileURL(file).href)) as Record<string, unknown>
  } catch (error) {
    return refuse(
      `${files[0]} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  const found = await describableIn(module)
  if (found === undefined) return refuse(`${files[0]} exports no app and no topology.\n${usage}`)
  process.stdout.write(
    asJson ? `${JSON.stringify(found.topology?.() ?? found)}\n` : found.describe(),
  )
}

async function describableIn(module: Record<string, unknown>): Promise<Describable | undefined> {
  for (const name of ['default', 'app', 'topology', 'createTopology', 'buildApp']) {
    let candidate = module[name]
    if (typeof candidate === 'function') candidate = await (candidate as () => unknown)()
    if (isDescribable(candidate)) return candidate
  }
  return Object.values(module).find(isDescribable)
}

function isDescribable(value: unknown): value is Describable {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<Describable>).describe === 'function'
  )
}

function refuse(message: string): void {
  process.stderr.write(`${message}\n`)
  process.exitCode = 2
}
