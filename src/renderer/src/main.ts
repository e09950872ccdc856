import './app.css'
import { mount } from 'svelte'
import { findHost, followNewLinks } from './api.ts'
import App from './App.svelte'
import { LANGUAGE } from './lib/locale.ts'
import NoHost from './NoHost.svelte'
import { Strata } from './state/strata.svelte.ts'

const target = document.getElementById('app')
if (!target) throw new Error('The page has no #app')

document.documentElement.lang = LANGUAGE
followNewLinks()
const host = findHost()
if (host) mount(App, { target, props: { strata: new Strata(host) } })
else mount(NoHost, { target })
