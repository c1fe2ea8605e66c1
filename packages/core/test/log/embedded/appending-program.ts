// Appends batches until it is killed, and prints the first and last number of each that was
// acknowledged.
import { openEmbedded } from '../../../src/log/embedded/index.ts'
import { one } from './rows.ts'

async function main(dir: string): Promise<void> {
  const producer = await openEmbedded({ dir })
  const append = async (lane: number): Promise<void> => {
    for (let seq = 0; ; seq++) {
      const rows = Array.from({ length: 1 + (seq % 20) }, (_, i) => ({
        key: `${lane}`,
        value: `${lane}:${seq}:${i}`,
      }))
      const { parts } = await producer.append(one, rows, { producer: `lane-${lane}`, seq })
      // Older than what the former life appended last: the log knows it, and no longer where it
      // stands.
      if (parts.length === 0) continue
      process.stdout.write(`${lane} ${seq} ${parts[0]!.first} ${parts[0]!.last}\n`)
    }
  }
  await Promise.all([append(0), append(1), append(2)])
}

void main(process.argv[2]!)
