import { expect, test } from 'vitest'
import { Undo } from '../../src/renderer/src/state/undo.svelte.ts'

test('what was done is taken back, the last first; what can not be taken back is forgotten', async () => {
  const undo = new Undo()
  const back: string[] = []
  const step = (said: string, fails = false) => ({
    said,
    back: () => (fails ? Promise.reject(new Error(said)) : Promise.resolve(void back.push(said))),
  })
  expect(await undo.takeBack()).toBeUndefined()
  for (const said of ['first', 'second']) undo.add(step(said))
  undo.add(step('third', true))
  expect(undo.news?.said).toBe('third')
  undo.dismiss()
  expect(undo.last?.said).toBe('third')
  await expect(undo.takeBack()).rejects.toThrow('third')
  expect((await undo.takeBack())?.said).toBe('second')
  expect((await undo.takeBack())?.said).toBe('first')
  expect(back).toEqual(['second', 'first'])
  expect(undo.last).toBeUndefined()
})
