import './style/index.css'
import { mount } from 'svelte'
import App from './App.svelte'
import { phone } from './phone.svelte'

const target = document.getElementById('page')
if (target) mount(App, { target })
phone.start()
