// The ```ts blocks of a page, and the program each of them stands for. Three kinds:
//
//   ```ts            compiled and run; prints what its `// =>` comments say
//   ```ts no-run     compiled only: it needs a server, or never ends
//   ```ts fragment   neither: an outline that could not compile. Few, and counted
//
// `console.log(x) // => text` must print exactly `text`; more lines of it follow as comments of their
// own, each beginning with `// =>`. Every line keeps its number, so that errors point into the page.

export type Fence = {
  page: string
  /** The line of the page that opens the block. */
  line: number
  kind: 'run' | 'no-run' | 'fragment'
  code: string
}

export type Program = {
  code: string
  /** What is to be printed, by the line of the block that prints it. */
  expected: Map<number, string>
}

const kinds: Readonly<Record<string, Fence['kind']>> = {
  '': 'run',
  'no-run': 'no-run',
  fragment: 'fragment',
}

export function fencesOf(page: string, text: string): Fence[] {
  const found: Fence[] = []
  let open:
    { line: number; info: string; ticks: string; body: string[]; indent: string } | undefined
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (open === undefined) {
      const match = /^(\s*)(`{3,})\s*(.*?)\s*$/.exec(line)
      if (match === null) continue
      const [, indent = '', ticks = '', info = ''] = match
      open = { line: index + 1, info, ticks, body: [], indent }
    } else if (line.trim() === open.ticks) {
      const [language = '', ...flags] = open.info.split(/\s+/)
      if (language === 'ts' || language === 'typescript') {
        const kind = language === 'ts' ? kinds[flags.join(' ')] : undefined
        if (kind === undefined)
          throw new Error(`${page}:${open.line} opens with an unknown \`${open.info}\``)
        found.push({ page, line: open.line, kind, code: `${open.body.join('\n')}\n` })
      }
      open = undefined
    } else {
      open.body.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line)
    }
  }
  if (open !== undefined) throw new Error(`${page}:${open.line} opens a block that is never closed`)
  return found
}

/** A file name that tells page and line: `docs/concepts/time.md` at line 12 -> `docs-concepts-time-12`. */
export function nameOf(fence: Fence): string {
  const page = fence.page
    .toLowerCase()
    .replace(/\.md$/, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
  return `${page}-${fence.line}`
}

/** The call that is expected to print becomes `$print(line, ...)`, which reports both. */
export function programOf(fence: Fence): Program {
  const call = 'console.log('
  const lines = fence.code.split('\n')
  const expected = new Map<number, string>()
  let printing: number | undefined
  let from = 0
  for (const [index, line] of lines.entries()) {
    const [before, text] = split(line)
    if (text === undefined) continue
    if (before.trim() === '' && printing !== undefined) {
      expected.set(printing, `${expected.get(printing)}\n${text}`)
      continue
    }
    let at = index
    while (at >= from && !(lines[at] as string).includes(call)) at--
    if (at < from) {
      throw new Error(
        `${fence.page}:${fence.line + index + 1} expects a print, but no ${call}...) is there`,
      )
    }
    printing = at + 1
    from = index + 1
    lines[at] = (lines[at] as string).replace(call, `$print(${printing}, `)
    expected.set(printing, text)
  }
  return { code: lines.join('\n'), expected }
}

function split(line: string): [string, string | undefined] {
  const at = line.indexOf('// =>')
  return at === -1 ? [line, undefined] : [line.slice(0, at), line.slice(at + '// =>'.length).trim()]
}

/** What differs between expected and printed, in sentences that point into the page; [] when nothing does. */
export function differences(
  fence: Fence,
  expected: ReadonlyMap<number, string>,
  printed: readonly (readonly [line: number, text: string])[],
): string[] {
  return [...expected].flatMap(([line, text]) => {
    const got = printed.filter(([at]) => at === line).map(([, said]) => said)
    const where = `${fence.page}:${fence.line + line}`
    if (got.length === 0) return [`${where} printed nothing, not\n${text}`]
    const said = got.flatMap((part) => part.split('\n').map((one) => one.trim())).join('\n')
    return said === text ? [] : [`${where} printed\n${said}\nnot\n${text}`]
  })
}
