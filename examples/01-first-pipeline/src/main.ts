/** A first pipeline: a source, two operators, a sink. README.md says how to run it. */
import { createApp, generator } from '@millrace/core'
import { filter, mapValues } from '@millrace/operators'
import { ndjson } from '@millrace/sinks/ndjson'

const dir = process.argv[2] ?? 'out/first-pipeline'

const readings = generator({
  name: 'readings',
  rows: 1_000,
  make: (i) => ({
    key: `sensor-${i % 5}`,
    value: { celsius: (i * 37) % 60 },
    timestamp: i * 1_000,
  }),
})

const app = createApp({ id: 'first-pipeline', dir })
app
  .stream(readings)
  .pipe(
    filter((reading) => reading.celsius > 50),
    mapValues((reading, sensor) => ({ sensor, fahrenheit: (reading.celsius * 9) / 5 + 32 })),
  )
  .to(ndjson(`${dir}/hot`))

const { rows, published } = await app.run({ until: 'caught-up' })
console.log(`${rows} readings, ${published} hot ones: see ${dir}/hot`)
