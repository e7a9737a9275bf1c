"""A small recogniser that really listens, in the place of the service's models. It stands in for fine-tuning.

A base model is PocketSphinx with the English acoustic model, dictionary and language model of its wheel.

A tuned model learns two things from its training rows, and nothing else:

- what is said here: a trigram model of the transcripts (`language_model`), for words of the transcripts only;
- how it sounds here: each recording is heard as phones, without words; these are aligned with the textbook's phones of
  the transcript beside it, and for each word the ways it was heard become pronunciations (`lexicon`). A textbook
  pronunciation that the recordings contradict is forgotten.

So its quality depends on the pairs. True pairs teach the domain's words and voices. Transcripts beside the wrong
recordings teach the same sentences, but wrong sounds for every word: such a model finds the words of the domain where
they are not, and is no better than the base.

Every recording is recognised twice, with the base and with what was learnt, and the likelier result is taken (a mixture
of the two models, sentence by sentence): speech from elsewhere is understood as well as by the base. More rows help;
weights, epochs, learning rate and adapter size do not exist here and change nothing.
"""
