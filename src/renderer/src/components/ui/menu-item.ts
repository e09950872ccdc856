import type { Component } from 'svelte'

/** One line of a menu. */
export interface MenuItem {
  label: string
  icon?: Component<{ size?: number }>
  checked?: boolean
  disabled?: boolean
  run: () => void
}
