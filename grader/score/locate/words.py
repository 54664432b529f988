"""What courses and students call a question, in the languages in which they write headings."""

from __future__ import annotations

_QUESTIONS = (
    "question questions quest q qn exercise exercises ex exo task tasks problem prob assignment item "
    "aufgabe aufgaben frage übung teilaufgabe exercice ejercicio pregunta domanda esercizio quesito opgave vraag "
    "fråga uppgift oppgave spørsmål spørgsmål tehtävä kysymys questão pergunta exercício tarefa zadanie pytanie "
    "úkol otázka вопрос задание задача упражнение 问题 题 题目 問題 問 題 第 课题 課題 練習 soru alıştırma سؤال שאלה "
    "문제 질문"
)
_BETWEEN = (
    "my our the your to for of on no nr num number here is final answer answers ans a solution solutions reply "
    "response antwort antworten lösung zu nummer réponse à la au n respuesta solución risposta antwoord svar "
    "odpowiedź ответ на 答案 答 解答"
)
_NUMBERS = "i ii iii iv v vi vii viii ix x"

WORDS = frozenset(_QUESTIONS.split())
"""Words for a question."""
PASSED = frozenset(_BETWEEN.split())
"""Words that may stand before its number; they are no part of it."""
ROMAN = frozenset(_NUMBERS.split())
"""Numbers in small Roman letters."""
