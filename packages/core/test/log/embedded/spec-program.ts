// Prints whether LevelDB's native part was loaded: after the import, after the spec, and after
// open.
import { embedded, openEmbedded } from '../../../src/log/embedded/index.ts'
import { string } from '../../../src/serde/string.ts'

function loaded(): boolean {
  const report = process.report.getReport() as unknown as { sharedObjects: readonly string[] }
  return report.sharedObjects.some((path) => path.includes('classic-level'))
}

async function main(dir: string): Promise<void> {
  const before = loaded()
  const topic = embedded('t', { value: string() })
  const spec = loaded()
  const producer = await openEmbedded({ dir })
  await producer.ensure(topic.topic)
  await producer.close()
  process.stdout.write(`${before} ${spec} ${loaded()}\n`)
}

void main(process.argv[2]!)
