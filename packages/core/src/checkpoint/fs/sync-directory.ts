/**
 * Makes the entries of a directory durable: a file that is synced itself can still lose its name in
 * a power cut. Windows cannot open a directory for this and journals its entries by itself.
 */
import { open } from 'node:fs/promises'

export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
