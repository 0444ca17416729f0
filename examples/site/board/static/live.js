"use strict";

const page = document.querySelector(".live");
const said = document.getElementById("said");
const people = document.getElementById("people");
const notices = document.getElementById("notices");
const state = document.getElementById("state");
const text = document.getElementById("text");
let socket = null;
let pause = 500;

function element(name, content, className) {
  const made = document.createElement(name);
  if (content) made.textContent = content;
  if (className) made.className = className;
  return made;
}

function showSaid(message) {
  const line = element("li", "", message.name === page.dataset.name ? "own" : "");
  line.append(element("b", `${message.name}, ${message.at}`), message.text);
  said.append(line);
  said.scrollTop = said.scrollHeight;
}

function showPeople(names) {
  people.replaceChildren(...names.map((name) => element("li", name)));
}

function showNotice(message) {
  const line = element("li", "", "fresh");
  if (message.picture) {
    const picture = element("img");
    picture.src = message.picture;
    picture.alt = "";
    line.append(picture);
  }
  const words = element("div");
  words.append(element("h2", message.title), element("span", message.author));
  line.append(words);
  notices.prepend(line);
  while (notices.children.length > 4) notices.lastElementChild.remove();
}

const handlers = {
  history(message) {
    said.replaceChildren();
    message.said.forEach(showSaid);
    if (!message.said.length) said.append(element("li", "Nobody has said anything yet.", "none"));
    showPeople(message.names);
  },
  said(message) {
    said.querySelector(".none")?.remove();
    showSaid(message);
  },
  people: (message) => showPeople(message.names),
  notice: showNotice,
};

function connect() {
  const url = new URL(page.dataset.socket, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  socket = new WebSocket(url);
  socket.onopen = () => {
    pause = 500;
    state.textContent = "live";
    state.className = "";
  };
  socket.onmessage = (event) => {
    const message = JSON.parse(event.data);
    handlers[message.kind]?.(message);
  };
  socket.onclose = () => {
    state.textContent = "connecting";
    state.className = "off";
    setTimeout(connect, pause);
    pause = Math.min(pause * 2, 10000);
  };
}

document.getElementById("say").addEventListener("submit", (event) => {
  event.preventDefault();
  if (text.value.trim() && socket.readyState === WebSocket.OPEN) {
    socket.send(text.value);
    text.value = "";
  }
});

connect();
