/** How a window shows in the name of its node, and in what a checkpoint must agree with. */
import type { AnyWindow } from '../time/windows.ts'

/** `5m`, `1h-every-5m`: two windows over one stream have two names. Grace has no part in it. */
export function windowName(window: AnyWindow): string {
  switch (window.kind) {
    case 'time': {
      const { sizeMs, advanceMs } = window
      return sizeMs === advanceMs ? text(sizeMs) : `${text(sizeMs)}-every-${text(advanceMs)}`
    }
    case 'sliding':
      return `sliding-${text(window.diffMs)}`
    case 'session':
      return `session-${text(window.gapMs)}`
    case 'unlimited':
      return 'unlimited'
  }
}

export function windowFacts(window: AnyWindow): Readonly<Record<string, string | number>> {
  switch (window.kind) {
    case 'time': {
      const { sizeMs, advanceMs, graceMs } = window
      return { window: 'time', sizeMs, advanceMs, graceMs }
    }
    case 'sliding':
      return { window: 'sliding', diffMs: window.diffMs, graceMs: window.graceMs }
    case 'session':
      return { window: 'session', gapMs: window.gapMs, graceMs: window.graceMs }
    case 'unlimited':
      return { window: 'unlimited', startMs: window.startMs }
  }
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** In the largest unit of which it is a whole number. */
function text(ms: number): string {
  const unit = units.find(([, size]) => ms % size === 0)
  return unit === undefined || ms === 0 ? `${ms}ms` : `${ms / unit[1]}${unit[0]}`
}
