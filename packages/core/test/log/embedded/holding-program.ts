// Opens the log and holds it until its input ends.
import { openEmbedded } from '../../../src/log/embedded/index.ts'
import { one } from './rows.ts'

async function main(dir: string): Promise<void> {
  const producer = await openEmbedded({ dir })
  await producer.append(one, [{ key: 'a', value: 'from the child' }])
  process.stdout.write('open\n')
  for await (const _ of process.stdin);
  await producer.close()
}

void main(process.argv[2]!)
