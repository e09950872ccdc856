import { describe, expect, it } from 'vitest'
import { baseName, crumbs, folderOf, isWhole, joinPath, shortPath, stem } from '../../src/renderer/src/lib/paths.ts'

describe('paths of both kinds of system', () => {
  it.each([
    ['/vms/web.qcow2', '/vms', 'web.qcow2'],
    ['/web.qcow2', '/', 'web.qcow2'],
    ['C:\\vms\\web.qcow2', 'C:\\vms', 'web.qcow2'],
    ['C:\\web.qcow2', 'C:\\', 'web.qcow2'],
  ])('%s', (path, folder, name) => {
    expect(folderOf(path)).toBe(folder)
    expect(baseName(path)).toBe(name)
    expect(joinPath(folder, name, path.includes('\\') ? '\\' : '/')).toBe(path)
  })

  it('keeps a leading dot when an ending goes', () => {
    expect(stem('disk.tar.qcow2')).toBe('disk.tar')
    expect(stem('.hidden')).toBe('.hidden')
  })

  it('walks from the root down', () => {
    expect(crumbs('/home/anna/vms').map((crumb) => crumb.path)).toEqual(['/', '/home', '/home/anna', '/home/anna/vms'])
    expect(crumbs('C:\\vms').map((crumb) => crumb.name)).toEqual(['C:\\', 'vms'])
  })

  it('shortens the home folder, and only it', () => {
    expect(shortPath('/home/anna/vms', '/home/anna')).toBe('~/vms')
    expect(shortPath('/home/annabel', '/home/anna')).toBe('/home/annabel')
  })

  it('tells names that lead to one file from everywhere from those that do not', () => {
    for (const name of ['/a/b', 'C:\\vms\\b', 'C:/vms/b', 'file:/a/b']) expect(isWhole(name), name).toBe(true)
    for (const name of ['b', './a:b', '../b', 'file:b', 'C:b']) expect(isWhole(name), name).toBe(false)
  })
})
