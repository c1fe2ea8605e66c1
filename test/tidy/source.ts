// One source file, taken apart just far enough to be judged: code with its comments and the insides of
// its strings blanked out (same length, so positions agree), the comments alone, and what it imports.
// A hand-written scan, because the compiler in use offers no API to ask, and because it takes 0.1 s for
// the whole repository. It reads TypeScript as people write it; it does not have to read all of it.

export type Import = {
  /** What is imported, or undefined when `import()` is given something that is no plain string. */
  specifier: string | undefined
  kind: 'static' | 'type' | 'dynamic'
  line: number
}

export type Source = {
  path: string
  text: string
  code: string
  comments: string
  imports: Import[]
}

export function readSource(path: string, text: string): Source {
  const { code, comments } = blank(text)
  return { path, text, code, comments, imports: importsOf(text, code) }
}

export function lineAt(text: string, index: number): number {
  let line = 1
  for (let i = text.indexOf('\n'); i !== -1 && i < index; i = text.indexOf('\n', i + 1)) line++
  return line
}

const clause = String.raw`(?:[\w$]+\s*,?\s*)?(?:\*(?:\s*as\s+[\w$]+)?|\{[^{}]*\})?`
const fromClause = new RegExp(
  String.raw`\b(?:import|export)\s*(type\b(?!\s*(?:,|from)))?\s*${clause}\s*\bfrom\s*(['"])( *)\2`,
  'g',
)
const bareImport = /\bimport\s*(['"])( *)\1/g
const callImport = /(typeof\s+)?(?<![.\w$#])import\s*\(\s*(?:(['"`])( *)\2)?/g
const workerUrl = /\bnew\s+URL\(\s*(['"])( *)\1\s*,\s*import\.meta\.url/g

function importsOf(text: string, code: string): Import[] {
  const found: (Import & { at: number })[] = []
  const add = (match: RegExpMatchArray, kind: Import['kind'], width: string | undefined): void => {
    const at = match.index ?? 0
    let specifier: string | undefined
    if (width !== undefined) {
      const open = match[0].search(/['"`]/)
      specifier = text.slice(at + open + 1, at + open + 1 + width.length)
    }
    found.push({ specifier, kind, line: lineAt(text, at), at })
  }
  for (const match of code.matchAll(fromClause)) add(match, match[1] ? 'type' : 'static', match[3])
  for (const match of code.matchAll(bareImport)) add(match, 'static', match[2])
  for (const match of code.matchAll(callImport)) add(match, match[1] ? 'type' : 'dynamic', match[3])
  for (const match of code.matchAll(workerUrl)) add(match, 'dynamic', match[2])
  found.sort((a, b) => a.at - b.at)
  return found.map(({ specifier, kind, line }) => ({ specifier, kind, line }))
}

const beforeRegex =
  /(?:^|[-(,=:[!&|?{;+*%<>~^]|\b(?:return|typeof|case|in|of|delete|void|throw|new|else|do|await|yield))$/

/** Blanks comments and the insides of strings, templates and regular expressions; `${}` stays code. */
function blank(text: string): { code: string; comments: string } {
  const code: string[] = []
  const comments: string[] = []
  let at = 0
  const empty = (part: string): string => part.replaceAll(/[^\n]/g, ' ')
  const keep = (to: number): void => {
    const part = text.slice(at, to)
    code.push(part)
    comments.push(empty(part))
    at = to
  }
  const hide = (to: number, isComment: boolean): void => {
    const part = text.slice(at, to)
    code.push(empty(part))
    comments.push(isComment ? part : empty(part))
    at = to
  }
  const endOf = (needle: string, from: number): number => {
    const end = text.indexOf(needle, from)
    return end === -1 ? text.length : end
  }
  const quoted = (quote: string): void => {
    keep(at + 1)
    let to = at
    while (to < text.length && text[to] !== quote && text[to] !== '\n') {
      to += text[to] === '\\' ? 2 : 1
    }
    hide(Math.min(to, text.length), false)
    keep(Math.min(at + 1, text.length))
  }
  const regex = (): void => {
    keep(at + 1)
    let to = at
    for (let inClass = false; to < text.length && text[to] !== '\n'; to++) {
      if (text[to] === '\\') to++
      else if (text[to] === '[') inClass = true
      else if (text[to] === ']') inClass = false
      else if (text[to] === '/' && !inClass) break
    }
    hide(Math.min(to, text.length), false)
    keep(Math.min(at + 1, text.length))
  }
  const template = (): void => {
    keep(at + 1)
    while (at < text.length) {
      let to = at
      while (to < text.length && text[to] !== '`' && !text.startsWith('${', to)) {
        to += text[to] === '\\' ? 2 : 1
      }
      hide(Math.min(to, text.length), false)
      if (text[at] === '`' || at >= text.length) break
      keep(at + 2)
      walk(true)
    }
    keep(Math.min(at + 1, text.length))
  }
  /** Walks code; inside a template, up to and with the brace that ends the `${`. */
  const walk = (inTemplate: boolean): void => {
    let depth = 0
    let significant = ''
    while (at < text.length) {
      const char = text[at] as string
      const next = text[at + 1]
      if (char === '/' && next === '/') {
        hide(endOf('\n', at), true)
        continue
      }
      if (char === '/' && next === '*') {
        hide(Math.min(endOf('*/', at + 2) + 2, text.length), true)
        continue
      }
      if (char === "'" || char === '"') quoted(char)
      else if (char === '`') template()
      else if (char === '/' && beforeRegex.test(significant)) regex()
      else {
        if (char === '{') depth++
        if (char === '}' && inTemplate && depth-- === 0) {
          keep(at + 1)
          return
        }
        keep(at + 1)
        if (/\s/.test(char)) continue
      }
      // A word and the space behind it read as one: `return /x/` against `total / count`.
      const word = /[\w$]/.test(char)
      const glued = word && /[\w$]$/.test(significant) && /[\w$]/.test(text[at - 2] ?? '')
      significant = glued ? significant + char : char
    }
  }
  walk(false)
  return { code: code.join(''), comments: comments.join('') }
}
