# Everything below runs in an environment of the project's own, made in .environment/ on the first call (docs/environment.md).
#   make demo                            a synthetic scene through replay_node and pose_node, over real DDS
#   make demo SEQUENCE=folder OBJECT=mug the same with a recording
#   make PYTHON=/path/to/python3.12 ...  chooses the interpreter
.PHONY: help demo test test-fast stress bench lint docs clean
.DEFAULT_GOAL := help

export PYTHON
RUN := @sh environment/run
# Side by side, a file of tests at a time, and all that need ROS in one of the processes: nodes want a core beside them.
PYTEST := python -m pytest -q --numprocesses auto --maxprocesses 4 --dist loadgroup
PYTHON_MODULES := benchmarks environment examples foundation_pose_ros universeg_ros

help:
	@echo "make demo    pose of an object in a synthetic scene, through real ROS 2; a recording with SEQUENCE=folder OBJECT=name"
	@echo "make test    all tests; some of them with ARGUMENTS='-k camera'"
	@echo "make test-fast"
	@echo "             those that are quick and need neither ROS, recordings nor PyTorch: some 3 minutes on two cores"
	@echo "make stress  what would bring the nodes down, a thousand times each; takes hours"
	@echo "make bench   time and accuracy, as JSON"
	@echo "make lint    ruff, mypy, and which room may import which"
	@echo "make docs    tables, the picture of the floors, and the reference of all modules as docs/api/index.html"
	@echo "make clean   remove everything that the commands above made"

demo:
	$(RUN) --for demo python -m foundation_pose_ros.nodes.demo \
		$(if $(SEQUENCE),--sequence "$(SEQUENCE)") $(if $(OBJECT),--object "$(OBJECT)") $(ARGUMENTS)

test:
	$(RUN) --for tests $(PYTEST) $(ARGUMENTS)

test-fast:
	$(RUN) --for tests $(PYTEST) -m "not (slow or ros or data or torch)" $(ARGUMENTS)

stress:
	$(RUN) --for tests python -m pytest -q -m stress $(ARGUMENTS)

bench:
	$(RUN) --for bench python -m benchmarks.run $(ARGUMENTS)

lint:
	$(RUN) --for tests sh -c 'ruff check . && ruff format --check . && mypy $(PYTHON_MODULES) && lint-imports'

docs:
	$(RUN) --for docs sh -c 'python docs/reference.py && python docs/floors.py && python docs/api.py'

clean:
	rm -rf docs/api .environment demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
